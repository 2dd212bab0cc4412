import QtQuick
import Matinee.Theme
import Matinee.Controls

// What the viewer has put on the list.
FocusScope {
    id: root

    required property QtObject myList

    signal titleChosen(string titleId)
    signal menuWanted(Item card, string titleId)
    signal showHistory()
    signal showCatalogue()
    signal leaving()

    function enter() {
        if (grid.enabled && grid.count > 0)
            grid.forceActiveFocus(Qt.OtherFocusReason)
        else if (trouble.visible || nothing.visible)
            (trouble.visible ? trouble : nothing).forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus && !grid.activeFocus && !history.activeFocus)
            enter()
    }
    function goDown() {
        const below = [grid, trouble, nothing].find(one => one.visible)
        if (below)
            below.forceActiveFocus(Qt.OtherFocusReason)
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("My list")
    Keys.onEscapePressed: leaving()
    Keys.onBackPressed: leaving()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            leaving()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    PosterGrid {
        id: grid
        objectName: "listTitles"
        anchors { fill: parent; leftMargin: Theme.margin; rightMargin: Theme.margin - Theme.gap }
        topMargin: top.height + Theme.tight
        bottomMargin: Theme.margin
        roomAbove: top.height + Theme.gap
        prefix: "listed_"
        visible: root.myList.state === "ready"
        enabled: root.myList.state === "ready"
        focus: true
        model: root.myList.titles
        Accessible.name: qsTr("My list")
        onCountChanged: Qt.callLater(root.enterAnew)
        onVisibleChanged: Qt.callLater(root.enterAnew)
        onPassedUp: bar.forceActiveFocus(Qt.OtherFocusReason)
        onTitleChosen: titleId => root.titleChosen(titleId)
        onMenuWanted: (card, titleId) => root.menuWanted(card, titleId)
    }
    Rectangle {
        id: top
        width: parent.width
        height: Theme.px(96)
        color: Theme.background
        PageTop {
            id: bar
            anchors { left: parent.left; leftMargin: Theme.margin }
            y: Theme.px(30)
            heading: qsTr("My list")
            backName: "leaveMyList"
            onLeaving: root.leaving()
            Keys.onDownPressed: root.goDown()
            beside: history
        }
        ActionButton {
            id: history
            objectName: "openHistory"
            anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: bar.verticalCenter }
            text: qsTr("Watched lately")
            icon: "history"
            onPressed: root.showHistory()
            Keys.onLeftPressed: if (!LayoutMirroring.enabled) bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onRightPressed: if (LayoutMirroring.enabled) bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: root.goDown()
        }
    }
    Skeleton {
        objectName: "listLoading"
        anchors { left: parent.left; leftMargin: Theme.margin; top: top.bottom; topMargin: Theme.tight }
        columns: grid.columns
        cellWidth: grid.cellWidth
        cellHeight: grid.cellHeight
        visible: root.myList.state === "loading"
    }
    StateMessage {
        id: nothing
        objectName: "listEmpty"
        anchors.centerIn: parent
        visible: root.myList.state === "empty"
        enabled: visible
        onVisibleChanged: Qt.callLater(root.enterAnew)
        icon: "plus"
        heading: qsTr("Your list is empty")
        sentence: qsTr("Add a title on its page.")
        Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
        ActionButton {
            objectName: "fillList"
            text: qsTr("All titles")
            primary: true
            focus: true
            onPressed: root.showCatalogue()
        }
    }
    StateMessage {
        id: trouble
        objectName: "listTrouble"
        anchors.centerIn: parent
        visible: root.myList.state === "error"
        enabled: visible
        onVisibleChanged: Qt.callLater(root.enterAnew)
        icon: "warning"
        heading: qsTr("Your list could not be loaded")
        sentence: root.myList.message
        Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
        ActionButton {
            objectName: "retryList"
            text: qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.myList.refresh()
        }
    }
    NoticeLine {
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.myList.state === "error" ? "" : root.myList.message
    }
}
