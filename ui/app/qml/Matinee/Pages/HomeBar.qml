import QtQuick
import Matinee.Theme
import Matinee.Controls

// The bar at the top of the home page: the way to everything else, and who watches.
FocusScope {
    id: root

    property string viewer
    property string avatar // of the profile
    property bool calm: false // for a child: search, the list and who watches
    property bool withDownloads: false
    property bool severalProfiles: false
    readonly property bool roomy: width >= Theme.px(1200) * Theme.textScale

    signal showSearch()
    signal showCatalogue()
    signal showChannels()
    signal showMyList()
    signal switchProfile()
    signal showDownloads()
    signal openStream()
    signal showSettings()
    signal showAccount()
    signal signOut()

    function enter() { actions.enter() }

    implicitHeight: Theme.px(84)

    Wordmark {
        anchors { left: parent.left; leftMargin: Theme.margin; verticalCenter: parent.verticalCenter }
    }
    FocusRow {
        id: actions
        objectName: "actions"
        focus: true
        anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: parent.verticalCenter }
        IconButton {
            objectName: "openSearch"
            icon: "search"
            caption: root.roomy ? name : ""
            name: qsTr("Search")
            focus: true
            onPressed: root.showSearch()
        }
        IconButton {
            objectName: "openCatalogue"
            visible: !root.calm
            icon: "grid"
            caption: root.roomy ? name : ""
            name: qsTr("Browse")
            onPressed: root.showCatalogue()
        }
        IconButton {
            objectName: "openChannels"
            visible: !root.calm
            icon: "live"
            caption: root.roomy ? name : ""
            name: qsTr("Live")
            onPressed: root.showChannels()
        }
        IconButton {
            objectName: "openMyList"
            icon: "plus"
            caption: root.roomy ? name : ""
            name: qsTr("My list")
            onPressed: root.showMyList()
        }
        IconButton {
            objectName: "openDownloads"
            icon: "download"
            caption: root.roomy ? name : ""
            name: qsTr("Downloads")
            visible: root.withDownloads && !root.calm
            onPressed: root.showDownloads()
        }
        IconButton {
            objectName: "openStream"
            visible: !root.calm
            icon: "link"
            name: qsTr("Open stream")
            onPressed: root.openStream()
        }
        IconButton {
            objectName: "openSettings"
            visible: !root.calm
            icon: "settings"
            name: qsTr("Settings")
            onPressed: root.showSettings()
        }
        IconButton {
            objectName: "openAccount"
            visible: !root.calm
            icon: "person"
            name: qsTr("Account and plan")
            onPressed: root.showAccount()
        }
        IconButton {
            objectName: "signOut"
            visible: !root.calm
            icon: "sign-out"
            name: qsTr("Sign out %1").arg(root.viewer)
            onPressed: root.signOut()
        }
        // Who watches; where there are several, the way to the others.
        Pressable {
            id: person
            objectName: "switchProfile"
            name: root.severalProfiles ? qsTr("Switch profile, now %1").arg(root.viewer)
                                       : qsTr("Your account, %1").arg(root.viewer)
            width: Theme.control
            height: width
            corner: width / 2
            visible: root.viewer
            onPressed: root.severalProfiles ? root.switchProfile() : root.showAccount()
            Avatar {
                anchors.fill: parent
                picture: root.avatar
                letter: root.viewer.charAt(0).toUpperCase()
                color: person.activeFocus || person.hovered ? Theme.raisedHover : Theme.raised
            }
            Tooltip {
                target: person
                text: person.name
                pointed: person.visible && person.hovered
                focused: person.visible && person.activeFocus
            }
        }
    }
}
