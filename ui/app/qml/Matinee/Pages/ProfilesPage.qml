pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Who is watching. A profile with a PIN asks for it; digits come from the keys on the screen or the keyboard.
FocusScope {
    id: root

    required property QtObject profiles
    readonly property bool asking: profiles.state === "pin"
    readonly property bool editing: profiles.state === "edit"
    readonly property bool failed: profiles.state === "error"

    signal leaving()
    signal signOut()

    function enter() {
        if (failed)
            trouble.forceActiveFocus(Qt.OtherFocusReason)
        else if (asking)
            pad.enter()
        else if (editing)
            editor.enter()
        else if (people.count > 0)
            people.forceActiveFocus(Qt.OtherFocusReason)
        else
            out.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus)
            enter()
    }
    function goBack() {
        if (asking)
            profiles.cancelPin()
        else if (editing)
            editor.goBack()
        else if (profiles.managing)
            profiles.toggleManaging()
        else
            leaving()
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Who is watching?")
    onAskingChanged: Qt.callLater(enterAnew)
    onFailedChanged: Qt.callLater(enterAnew)
    onEditingChanged: Qt.callLater(enterAnew)
    Keys.onEscapePressed: goBack()
    Keys.onBackPressed: goBack()
    Keys.onPressed: event => {
        event.accepted = true
        if (asking && event.key >= Qt.Key_0 && event.key <= Qt.Key_9)
            profiles.enterDigit(event.text)
        else if (event.key === Qt.Key_Backspace && !editing)
            asking ? profiles.eraseDigit() : goBack()
        else
            event.accepted = false
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    Wordmark { id: wordmark; anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.margin } }

    Column {
        anchors.centerIn: parent
        anchors.verticalCenterOffset: Math.max(0, wordmark.y + wordmark.height + Theme.gap - (root.height - height) / 2)
        spacing: Theme.margin
        visible: !root.asking && !root.failed && !root.editing
        enabled: visible
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            text: root.profiles.managing ? qsTr("Whose profile?") : qsTr("Who is watching?")
            font.pixelSize: Theme.hero
            font.weight: Font.Bold
            Accessible.role: Accessible.Heading
        }
        Skeleton {
            objectName: "profilesLoading"
            anchors.horizontalCenter: parent.horizontalCenter
            columns: 3
            rowCount: 1
            cellWidth: Theme.px(104) + Theme.gap
            cellHeight: Theme.px(190)
            lineHeight: Theme.px(104)
            corner: Theme.px(52)
            visible: root.profiles.state === "loading" && people.count === 0
        }
        ListView {
            id: people
            objectName: "people"
            anchors.horizontalCenter: parent.horizontalCenter
            width: Math.min(root.width - 2 * Theme.margin, contentWidth)
            height: Theme.px(190)
            orientation: ListView.Horizontal
            spacing: Theme.wide
            visible: count > 0
            boundsBehavior: Flickable.StopAtBounds
            highlightMoveDuration: Theme.calm
            highlightMoveVelocity: -1
            model: root.profiles.people
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Who is watching?")
            Keys.priority: Keys.AfterItem
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
            Keys.onDownPressed: choices.enter()
            onCountChanged: Qt.callLater(root.enterAnew)
            delegate: Pressable {
                id: person

                required property int index
                required property string personId
                required name
                required property string letter
                required property string detail
                required property bool locked
                required property bool chosen
                required property string avatar

                objectName: "person_" + index
                description: locked ? detail + ", " + qsTr("with a PIN") : detail
                ringed: false
                width: Theme.px(128)
                height: Theme.px(180)
                onPressed: {
                    people.currentIndex = index
                    root.profiles.choose(personId)
                }
                FocusRing { target: face; shown: person.activeFocus; corner: face.radius; scale: face.scale }
                Rectangle {
                    id: face
                    anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.tight }
                    width: Theme.px(104)
                    height: width
                    radius: width / 2
                    color: person.activeFocus || person.hovered ? Theme.raisedHover : Theme.raised
                    border.width: person.chosen ? Theme.focusWidth : 1
                    border.color: person.chosen ? Theme.accent : Theme.line
                    scale: person.activeFocus && !Theme.still ? 1.06 : 1
                    Behavior on scale { NumberAnimation { duration: Theme.focusMoves; easing.type: Easing.OutCubic } }
                    Avatar {
                        anchors { fill: parent; margins: face.border.width }
                        picture: person.avatar
                        letter: person.letter
                        letterSize: Theme.hero
                        color: Theme.clear
                    }
                    Rectangle {
                        anchors.fill: parent
                        radius: width / 2
                        color: Theme.shade
                        visible: root.profiles.managing
                        Icon { anchors.centerIn: parent; name: "edit"; size: Theme.px(34); color: Theme.text }
                    }
                    Rectangle {
                        anchors { right: parent.right; bottom: parent.bottom }
                        width: Theme.px(30)
                        height: width
                        radius: width / 2
                        color: Theme.surface
                        visible: person.locked
                        Icon { anchors.centerIn: parent; name: "lock"; size: Theme.px(16); color: Theme.muted }
                    }
                }
                Label {
                    id: called
                    anchors { top: face.bottom; topMargin: Theme.px(12) }
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    text: person.name
                    font.weight: Font.DemiBold
                    Accessible.ignored: true
                }
                Label {
                    anchors { top: called.bottom; topMargin: Theme.tiny }
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    text: person.detail
                    color: Theme.muted
                    font.pixelSize: Theme.small
                    Accessible.ignored: true
                }
            }
        }
        FocusRow {
            id: choices
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap
            focus: true
            Keys.onUpPressed: if (people.count > 0) people.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: event => event.accepted = true
            ActionButton {
                id: out
                objectName: "leaveHousehold"
                text: root.profiles.stays ? qsTr("Back") : qsTr("Sign out")
                icon: root.profiles.stays ? "back" : "sign-out"
                focus: true
                onPressed: root.profiles.stays ? root.leaving() : root.signOut()
            }
            ActionButton {
                objectName: "addProfile"
                text: qsTr("Add a profile")
                icon: "plus"
                visible: root.profiles.mayAdd && root.profiles.state === "choosing"
                onVisibleChanged: if (!visible && choices.activeFocus) choices.enter()
                onPressed: root.profiles.add()
            }
            ActionButton {
                objectName: "manageProfiles"
                text: root.profiles.managing ? qsTr("Done") : qsTr("Edit profiles")
                icon: root.profiles.managing ? "check" : "edit"
                visible: root.profiles.mayManage && people.count > 0
                onVisibleChanged: if (!visible && choices.activeFocus) choices.enter()
                onPressed: {
                    root.profiles.toggleManaging()
                    if (root.profiles.managing)
                        people.forceActiveFocus(Qt.OtherFocusReason)
                }
            }
        }
    }
    EditProfilePanel {
        id: editor
        objectName: "editProfile"
        anchors.fill: parent
        anchors.topMargin: Theme.px(96)
        visible: root.editing
        enabled: visible
        edit: root.profiles.edit
        onLeaving: root.profiles.leaveEdit()
    }

    Column {
        anchors.centerIn: parent
        anchors.verticalCenterOffset: Theme.wide
        spacing: Theme.wide
        visible: root.asking
        enabled: visible
        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            text: root.profiles.leavingKids ? qsTr("PIN to leave this profile")
                                            : qsTr("PIN of %1").arg(root.profiles.pinFor)
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Row {
            objectName: "pinDots"
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.px(14)
            Accessible.role: Accessible.StaticText
            Accessible.name: qsTr("%1 digits").arg(root.profiles.pinDigits)
            Repeater {
                model: Math.max(4, root.profiles.pinDigits)
                Rectangle {
                    required property int index
                    width: Theme.px(16)
                    height: width
                    radius: width / 2
                    color: index < root.profiles.pinDigits ? Theme.accent : Theme.clear
                    border.width: 1
                    border.color: Theme.muted
                }
            }
        }
        ScreenKeys {
            id: pad
            anchors.horizontalCenter: parent.horizontalCenter
            letters: "123456789 0"
            columns: 3
            withSpace: false
            onTyped: digit => root.profiles.enterDigit(digit)
            onErased: root.profiles.eraseDigit()
            onPassedDown: pinActions.enter()
        }
        FocusRow {
            id: pinActions
            anchors.horizontalCenter: parent.horizontalCenter
            spacing: Theme.gap
            Keys.onUpPressed: pad.enter()
            ActionButton {
                objectName: "submitPin"
                text: qsTr("Watch")
                primary: true
                enabled: root.profiles.pinReady
                onEnabledChanged: if (!enabled && pinActions.activeFocus) pad.enter() // where a wrong one is entered again
                onPressed: root.profiles.submitPin()
            }
            ActionButton {
                objectName: "cancelPin"
                text: qsTr("Back")
                icon: "back"
                onPressed: root.profiles.cancelPin()
            }
        }
    }
    StateMessage {
        id: trouble
        objectName: "profilesTrouble"
        anchors.centerIn: parent
        visible: root.failed
        enabled: visible
        icon: "offline"
        heading: qsTr("The profiles could not be loaded")
        sentence: root.profiles.error
        ActionButton {
            objectName: "retryProfiles"
            text: qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.profiles.refresh()
        }
        ActionButton {
            objectName: "troubleSignOut"
            text: qsTr("Sign out")
            icon: "sign-out"
            onPressed: root.signOut()
        }
    }
    NoticeLine {
        objectName: "profilesNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.failed ? "" : root.profiles.error
    }
}
